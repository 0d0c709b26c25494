// Verifies deliveries, one JSON object a line, with npm's standardwebhooks.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const { Webhook } = createRequire(process.argv[2])("standardwebhooks");
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const { secret, body, headers } = JSON.parse(line);
  const verified = new Webhook(secret).verify(body, headers);
  console.log(JSON.stringify(verified.data));
}
