// Asks a server as npm's `jsonstat-toolkit` does, and prints as JSON.
import { createRequire } from "node:module";

const [, , folder, base, asked] = process.argv;
const JSONstat = createRequire(`${folder}/`)("jsonstat-toolkit");
const values = Object.entries(JSON.parse(asked));
const query = values.map(([name, codes]) => `valuecodes[${name}]=${codes.join()}`).join("&");

const table = await JSONstat(`${base}/tables/07459/data?lang=en&${query}`);
const older = await JSONstat(
  `${base.replace("pxwebapi/v2", "v0/en/table")}/07459`,
  {
    method: "POST",
    body: JSON.stringify({
      query: values.map(([code, chosen]) => ({
        code, selection: { filter: "item", values: chosen },
      })),
      response: { format: "json-stat2" },
    }),
  },
);
console.log(JSON.stringify({
  label: table.label,
  variables: table.id,
  roles: table.role,
  rows: table.toTable({ type: "arrobj" }),
  value: table.Data({ Region: "03", Tid: "2021" }).value,
  status: table.Data({ Region: "03", Tid: "2021" }).status,
  places: table.Dimension("Region").Category().map((one) => one.label),
  older: older.value,
}));
