import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { readNixData } from "./nix-data.ts";

export const CLI_TOOLS_FILE = "nix/cli-tools.nix";

/** The headings of docs/cli-tools.md, in their order. */
const GROUPS = [
  "shell",
  "source code",
  "editors",
  "search",
  "data",
  "terminal",
  "moving and packing",
  "network",
  "build",
  "runtimes",
] as const;

const command = z.string().regex(/^[a-z0-9+_-]+$/);

const cliTool = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]+$/),
    package: z.string().regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/),
    debian: z
      .string()
      .regex(/^[a-z0-9][a-z0-9+.-]+$/)
      .nullable(),
    debianNote: z.string().min(1).optional(),
    debianLinks: z.array(z.strictObject({ name: command, target: z.string().regex(/^\/usr\/[^\s]+$/) })).default([]),
    commands: z.array(command),
    group: z.enum(GROUPS),
    why: z.string().regex(/^\w.*[^.]$/),
  })
  .refine(({ debian, debianNote }) => (debian === null) === (debianNote !== undefined), {
    error: "a tool has either a Debian package or a debianNote that says where the Debian image has it from",
  })
  .refine(({ commands, debianLinks }) => debianLinks.every(({ name }) => commands.includes(name)), {
    error: "a link of debianLinks is one of the commands",
  });

export type CliTool = z.infer<typeof cliTool>;

const cliTools = z.array(cliTool).superRefine((tools, context) => {
  const all = {
    names: tools.map(({ name }) => name),
    commands: tools.flatMap(({ commands }) => commands),
    "Debian packages": tools.flatMap(({ debian }) => debian ?? []),
  };
  for (const [what, values] of Object.entries(all)) {
    const twice = values.filter((value, index) => values.indexOf(value) !== index);
    if (twice.length > 0) context.addIssue(`${what} that are listed twice: ${twice.join(", ")}`);
  }
});

/** @throws {Error} when the text is no list of tools; it says which line or entry is wrong */
export function parseCliTools(text: string, file = CLI_TOOLS_FILE): CliTool[] {
  const parsed = cliTools.safeParse(readNixData(text, file));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function readCliTools(root: string): CliTool[] {
  return parseCliTools(readFileSync(path.join(root, CLI_TOOLS_FILE), "utf8"));
}

/** The generated files, by their path from the root: the page, and what the Debian image is built from. */
export function cliToolsFiles(tools: readonly CliTool[]): Map<string, string> {
  const packages = (wanted: (tool: CliTool) => boolean) =>
    tools.filter(wanted).flatMap(({ debian, why }) => (debian === null ? [] : [`${debian.padEnd(18)} # ${why}`]));
  const links = tools.flatMap(({ debianLinks }) => debianLinks.map(({ name, target }) => `${target} ${name}`));
  return new Map([
    ["docs/cli-tools.md", page(tools)],
    ["containers/box/debian/cli-tools.txt", listing(packages(({ group }) => group !== "runtimes"))],
    ["containers/box/debian/runtimes.txt", listing(packages(({ group }) => group === "runtimes"))],
    ["containers/box/debian/links.txt", listing(["# target, name of the link in /usr/local/bin", ...links])],
  ]);
}

function listing(lines: readonly string[]): string {
  return [`# Made from ${CLI_TOOLS_FILE} by npm run docs; edit that file.`, ...lines, ""].join("\n");
}

function page(tools: readonly CliTool[]): string {
  return [
    "# Command-line tools",
    "",
    `One list, [\`${CLI_TOOLS_FILE}\`](../${CLI_TOOLS_FILE}), for both builds of the box image and for the workstation profiles: a`,
    "tool that is added there comes to all of them. What a box needs for itself (supervisor, services) is not in it.",
    "",
    "Runtimes can be left out of a Debian image.",
    "",
    ...GROUPS.flatMap((group) => {
      const rows = tools.filter((tool) => tool.group === group).map((tool) => row(tool));
      const heading = group.charAt(0).toUpperCase() + group.slice(1);
      return [
        `## ${heading}`,
        "",
        "| tool | what for | commands | nixpkgs | Debian 12 |",
        "| --- | --- | --- | --- | --- |",
        ...rows,
        "",
      ];
    }),
    "Where Debian calls a command otherwise (`fdfind`, `batcat`), the image has a link of the usual name in `/usr/local/bin`.",
  ].join("\n");
}

function row({ name, why, commands, package: attribute, debian, debianNote }: CliTool): string {
  const code = (text: string) => `\`${text}\``;
  const cells = [
    name,
    why,
    commands.map(code).join(", "),
    code(attribute),
    debian === null ? `none: ${debianNote ?? ""}` : code(debian),
  ];
  return `| ${cells.join(" | ")} |`;
}
