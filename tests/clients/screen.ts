// A screen of customers by the types that were made of the schema; the errors expected are what they catch.
import type {
  CorrectMutation,
  CorrectMutationVariables,
  CustomerListQuery,
  CustomerListQueryVariables,
  CustomerRowFragment,
} from "./screen-types.js";

export const asked: CustomerListQueryVariables = {
  first: 20,
  where: { level: { ruleSet: "service_tier", code: { in: ["vip"] } }, or: [{ region: { eq: "上海" } }] },
};

// @ts-expect-error: a page needs its size
export const unsized: CustomerListQueryVariables = { after: null };

// @ts-expect-error: there is no such operator
export const unknown: CustomerListQueryVariables = { first: 20, where: { region: { like: "上海" } } };

export function lines(answer: CustomerListQuery): string[] {
  return answer.customers.edges.map(({ node }) => line(node));
}

function line(customer: CustomerRowFragment): string {
  // @ts-expect-error: nobody may own it
  customer.owner.name;
  // @ts-expect-error: not asked for
  customer.industry;
  return `${customer.name} ${customer.region ?? "?"} ${customer.owner?.name ?? "nobody"}`;
}

export const correction: CorrectMutationVariables = {
  input: { customer: "C2", field: "region", value: "天津", reason: "moved" },
};

export function refusals({ customerCorrect }: CorrectMutation): string[] {
  return customerCorrect.userErrors.map(({ path, message, suggestion }) => `${path}: ${message} ${suggestion ?? ""}`);
}
