// A screen of customers as Relay has it: a list by a connection, a row by a fragment, a change.
import { graphql } from "relay-runtime";

export const screen = graphql`
  query CustomersScreenQuery($first: Int!) {
    ...CustomersScreen_list @arguments(first: $first)
  }
`;

export const list = graphql`
  fragment CustomersScreen_list on Query
  @refetchable(queryName: "CustomersScreenPageQuery")
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
    customers(first: $first, after: $after, orderBy: [{ field: NAME, direction: ASC }])
      @connection(key: "CustomersScreen_customers") {
      edges {
        node {
          ...CustomersScreen_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment CustomersScreen_row on Customer @refetchable(queryName: "CustomersScreenRowQuery") {
    name
    region
    owner {
      name
    }
  }
`;

export const correct = graphql`
  mutation CustomersScreenCorrectMutation($input: CustomerCorrectInput!) {
    customerCorrect(input: $input) {
      customer {
        ...CustomersScreen_row
      }
      userErrors {
        code
        message
      }
    }
  }
`;
