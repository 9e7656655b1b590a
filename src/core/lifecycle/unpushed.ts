import * as z from "zod";
import { clipped, count } from "../text.ts";
import { LINE_LIMIT, MOST_LINES } from "./sample.ts";

/** Longest answer that is read, in characters. */
const ANSWER_LIMIT = 1_000_000;

const number = z.int().min(0).catch(0);
const repository = z.object({
  path: z.string(),
  remote: z.boolean().catch(true),
  stashes: number,
  changed: number,
  untracked: number,
  /** False: git did not say everything. */
  read: z.boolean().catch(false),
  branches: z.array(z.object({ name: z.string(), commits: number })).catch([]),
});
const answer = z.object({
  version: z.int().min(1),
  complete: z.boolean(),
  repositories: z.array(z.unknown()),
});

type Repository = z.output<typeof repository>;

/**
 * What the program `unpushed` of a box's image said, as lines for a person: `site/: 3 commits never pushed (branch
 * redesign)`. Printable and bounded, whatever the box answers.
 * @returns undefined when it is no answer
 */
export function unpushedLines(raw: string): string[] | undefined {
  const { success, data } = answer.safeParse(raw.length > ANSWER_LIMIT ? undefined : json(raw));
  if (!success) return undefined;
  const read = data.repositories.slice(0, 10 * MOST_LINES).map((item) => repository.safeParse(item));
  const lines = read.flatMap((found) => (found.success ? linesOf(found.data) : []));
  const more = [
    ...(lines.length > MOST_LINES - 2 ? [`… and ${count(lines.length - (MOST_LINES - 2), "more line")}`] : []),
    ...(data.complete ? [] : ["… and what there was no time to look at"]),
  ];
  return [...lines.slice(0, MOST_LINES - 2), ...more].map((line) => line.slice(0, LINE_LIMIT).toWellFormed());
}

function linesOf({ path, remote, stashes, changed, untracked, read, branches }: Repository): string[] {
  const where = `${clipped(path === "." ? "workspace" : path)}/: `;
  const never = remote ? "never pushed" : "in no remote, as it has none";
  const parts = [
    ...branches.map(({ name, commits }) => {
      const branch = name === "HEAD" ? "no branch" : `branch ${clipped(name)}`;
      return `${count(commits, "commit")} ${never} (${branch})`;
    }),
    ...(stashes > 0 ? [count(stashes, "stash", "stashes")] : []),
    ...(changed > 0 ? [`${count(changed, "changed file")} not committed`] : []),
    ...(untracked > 0 ? [`${count(untracked, "new file or folder", "new files or folders")} not committed`] : []),
    ...(read ? [] : ["git does not say all of what is in it"]),
  ];
  return parts.map((part) => where + part);
}

function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
