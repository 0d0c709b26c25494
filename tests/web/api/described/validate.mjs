// Print what is wrong with the AsyncAPI document on stdin, one finding a line.
import { Parser } from "@asyncapi/parser";
import { text } from "node:stream/consumers";

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
for (const { code, message, path } of diagnostics) console.log(`${code} ${path.join(".")}: ${message}`);
if (document === undefined) console.log("no document");
