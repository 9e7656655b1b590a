import { appendFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestError } from "vitest";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";
import { add, closingLine, duration, emptyTally, type Tally } from "./tally.ts";

const INDENT = "      ";
/** Characters of what a failed file wrote; its end is what tells. */
const OUTPUT_SHOWN = 8000;

interface Failure {
  readonly name: string;
  readonly errors: readonly (TestError | SerializedError)[];
}

function place(error: TestError | SerializedError): string {
  const frames = "stacks" in error && Array.isArray(error.stacks) ? error.stacks : undefined;
  const frame = frames?.find(({ file }) => !file.includes("node_modules")) ?? frames?.[0];
  if (frame === undefined) return error.stack ?? "";
  return `at ${path.relative(process.cwd(), frame.file)}:${String(frame.line)}:${String(frame.column)}`;
}

function describeError(error: TestError | SerializedError): string {
  const diff = "diff" in error && typeof error.diff === "string" ? stripVTControlCharacters(error.diff) : "";
  return [error.message, diff, place(error)].filter((part) => part !== "").join("\n");
}

const indented = (text: string): string => text.replaceAll(/^/gm, INDENT);

/** A hook that fails makes Vitest skip the tests behind it, which must not pass for a clean run. */
function failuresOf(module: TestModule): Failure[] {
  const failures: Failure[] = [];
  const broken = (name: string, errors: readonly (TestError | SerializedError)[]): void => {
    if (errors.length > 0) failures.push({ name, errors });
  };
  broken("the file itself", module.errors());
  for (const suite of module.children.allSuites()) broken(`around ${suite.fullName}`, suite.errors());
  for (const test of module.children.allTests("failed")) {
    failures.push({ name: test.fullName, errors: test.result().errors ?? [] });
  }
  return failures;
}

const isInBrokenSuite = (test: TestCase): boolean => {
  for (let at: TestSuite | TestModule = test.parent; ; at = at.parent) {
    if (at.errors().length > 0) return true;
    if (at.type === "module") return false;
  }
};

/** Reasons for skipping, each with the number of tests it holds for. */
function skipsOf(module: TestModule): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const test of module.children.allTests("skipped")) {
    if (isInBrokenSuite(test)) continue;
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    const reason = note ?? `"${test.fullName}" is marked to be skipped`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

function tallyOf(module: TestModule): Tally {
  const skipped = [...skipsOf(module).values()].reduce((sum, count) => sum + count, 0);
  return { passed: [...module.children.allTests("passed")].length, failed: failuresOf(module).length, skipped };
}

/** A file that a run ended before. */
const isUnbegun = (module: TestModule): boolean => module.state() === "pending" || module.state() === "queued";

/**
 * One line a file, details of failures alone, every skip with its reason.
 * Ends with the closing line; under test.ts (DEVBOX_TEST_TALLY) it leaves the sum there instead.
 */
export default class LineReporter implements Reporter {
  readonly #output = new Map<string, string>();
  /** When no further file is begun (DEVBOX_TEST_UNTIL), in milliseconds since the epoch. */
  readonly #until = Number(process.env.DEVBOX_TEST_UNTIL ?? Infinity);
  #vitest: Vitest | undefined;
  #isOver = false;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onUserConsoleLog(log: { content: string; taskId?: string }): void {
    const key = (log.taskId ?? "").split("_")[0] ?? "";
    this.#output.set(key, `${this.#output.get(key) ?? ""}${log.content}`.slice(-OUTPUT_SHOWN));
  }

  onTestModuleEnd(module: TestModule): void {
    const tally = tallyOf(module);
    const word = tally.failed > 0 ? "FAIL" : "ok  ";
    const took = duration(module.diagnostic().duration);
    const file = path.relative(process.cwd(), module.moduleId);
    const said = [`  ${word} ${file}: ${closingLine(tally).replace(", 0 failed", "")} (${took})`];
    for (const [reason, count] of skipsOf(module)) said.push(`    skipped ${String(count)}: ${reason}`);
    for (const { name, errors } of failuresOf(module)) {
      said.push(`    ${name}`, ...errors.map((error) => indented(describeError(error))));
    }
    const output = this.#output.get(module.id.split("_")[0] ?? "");
    if (tally.failed > 0 && output !== undefined) said.push(`    it wrote:`, indented(output));
    // In one piece, as another run may be writing too.
    process.stdout.write(`${said.join("\n")}\n`);
    if (this.#isOver || Date.now() < this.#until) return;
    this.#isOver = true;
    void this.#vitest?.cancelCurrentRun("test-failure");
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const total = emptyTally();
    const begun = modules.filter((module) => !isUnbegun(module));
    for (const module of begun) add(total, tallyOf(module));
    const left = modules.filter(isUnbegun).map(({ moduleId }) => path.relative(process.cwd(), moduleId));
    if (this.#isOver && left.length > 0) {
      process.stdout.write(
        `  skipped ${String(left.length)} files, the time for this run is used up: ${left.join(" ")}\n`,
      );
      total.skipped += left.length;
      total.cut = left.length;
    }
    for (const error of unhandled) {
      process.stdout.write(`  FAIL outside of any test\n${indented(describeError(error))}\n`);
    }
    total.failed += unhandled.length;
    const file = process.env.DEVBOX_TEST_TALLY;
    if (file === undefined) process.stdout.write(`${closingLine(total)}\n`);
    else appendFileSync(file, JSON.stringify(total));
  }
}
