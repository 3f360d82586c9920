// Makes TypeScript types of the schema and of the screen's documents, and compiles screen.ts against them,
// and what docs/clients.md sets up.
// Prints what the compiler complains of, and the types.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const read = (file) => parse(readFileSync(file, "utf8"));
const scalars = { BigInt: "string", DateTime: "string", JSON: "unknown" };

const text = await codegen({
  filename: "screen-types.ts",
  schema: read(process.argv[2]),
  documents: [{ location: "screen.graphql", document: read(new URL("screen.graphql", import.meta.url)) }],
  plugins: [{ operations: {} }],
  pluginMap: { operations },
  config: { strictScalars: true, scalars },
});
writeFileSync(new URL("screen-types.ts", import.meta.url), text);

const tsc = new URL("node_modules/typescript/bin/tsc", import.meta.url).pathname;
const files = ["screen.ts", "set_up/apollo.ts", "set_up/resumed.ts"];
const imports = ["--module", "nodenext", "--allowImportingTsExtensions", "--skipLibCheck"];
const options = ["--strict", "--noEmit", "--target", "es2023", ...imports, ...files];
const done = spawnSync(process.execPath, [tsc, ...options], { cwd: new URL(".", import.meta.url), encoding: "utf8" });
console.log(JSON.stringify({ status: done.status, complaints: done.stdout + done.stderr, text }));
