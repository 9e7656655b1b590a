import { readFileSync } from "node:fs";
import path from "node:path";
import * as prettier from "prettier";
import { JSON_SCHEMAS, type JsonSchemaName, publishedSchema } from "../../../src/core/json/index.ts";
import { cliToolsFiles, readCliTools } from "./cli-tools.ts";
import { commandsPage, readCommands } from "./commands.ts";
import { configurationReference } from "./configuration.ts";
import { coveragePage } from "./coverage.ts";
import { exitCodesPage } from "./exit-codes.ts";

const BEGIN = "<!-- begin: npm run docs -->";
const END = "<!-- end: npm run docs -->";
const NOTE = "<!-- made by npm run docs; edit the source it is made from -->";

/** Every generated file, by its path from the root, as it ought to be. */
export async function generatedPages(root: string): Promise<Map<string, string>> {
  const pages = new Map([
    ["docs/commands.md", marked(commandsPage(await readCommands(root)))],
    ["docs/exit-codes.md", marked(exitCodesPage())],
    ["docs/coverage.md", marked(coveragePage(root))],
    ["docs/configuration.md", between(root, "docs/configuration.md", configurationReference())],
  ]);
  for (const name of Object.keys(JSON_SCHEMAS) as JsonSchemaName[]) {
    pages.set(`docs/json/${name}.schema.json`, JSON.stringify(publishedSchema(name)));
  }
  for (const [file, text] of cliToolsFiles(readCliTools(root))) {
    pages.set(file, file.endsWith(".md") ? marked(text) : text);
  }
  const settings = JSON.parse(readFileSync(path.join(root, ".prettierrc"), "utf8")) as prettier.Options;
  const formatted = [...pages].map(async ([file, text]): Promise<[string, string]> => {
    if (file.endsWith(".txt")) return [file, text];
    const parser = file.endsWith(".json") ? "json" : "markdown";
    return [file, await prettier.format(text, { ...settings, parser })];
  });
  return new Map(await Promise.all(formatted));
}

/** Which generated files are not as they ought to be. */
export function stalePages(root: string, pages: ReadonlyMap<string, string>): string[] {
  return [...pages].filter(([file, text]) => text !== textOf(root, file)).map(([file]) => file);
}

function textOf(root: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), "utf8");
  } catch {
    return undefined;
  }
}

function marked(text: string): string {
  return `${NOTE}\n\n${text}`;
}

/** A page of which only the part between two marks is generated. */
function between(root: string, file: string, part: string): string {
  const text = textOf(root, file) ?? "";
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`${file} has no place for the generated part (${BEGIN} … ${END})`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${part}\n\n${text.slice(end)}`;
}
