import type { Interfaces } from "@oclif/core";
import { Command } from "@oclif/core/command";
import * as Flags from "@oclif/core/flags";
import type { AuditedBox } from "../core/audit.ts";
import type { ConfigSource } from "../core/config/config.ts";
import { DevboxError, messageOf } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { type AuditDeps, beginAudit, type OpenAudit } from "../usecases/audit/record.ts";
import type { Deps } from "../usecases/deps.ts";
import { auditedCommand, isRefusal, refusedCommand, type Words } from "./audited.ts";
import { clock, compose } from "./compose.ts";
import { loadConfig } from "./compose/config.ts";
import { systemJournal } from "./compose/orchestrator.ts";
import { confirm } from "./confirm.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { isForPerson, showNotices } from "./notice-lines.ts";
import { type ShownProgress, showProgress, silentProgress } from "./progress.ts";
import { type RenderedError, renderError } from "./render-error.ts";

export interface BaseFlags {
  readonly config?: string | undefined;
  readonly quiet?: boolean;
}

type LedgerDeps = Omit<AuditDeps, "journal">;

/** What oclif reads of flags or arguments, by their names. */
type Output = Record<string, unknown>;

/** What all commands share: the flags, the wiring, how results and errors are shown. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    config: Flags.string({
      summary: "Configuration file to use instead of the usual ones",
      helpValue: "FILE",
      helpGroup: "GLOBAL",
    }),
    quiet: Flags.boolean({ char: "q", summary: "Say nothing but results and errors", helpGroup: "GLOBAL" }),
  };

  #progress: ShownProgress = silentProgress;
  #deps: LedgerDeps | undefined;
  #all: Deps | undefined;
  #dispose: (() => void) | undefined;
  #words: Words | undefined;
  #audit: OpenAudit | undefined;
  #failure: string | undefined;

  /** Keeps what was read of the command line, for the audit log. */
  protected override async parse<F extends Output, B extends Output, A extends Output>(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    // Kept before: oclif puts in their place what it was given, and what comes after `--` is not given to it.
    const all = [...this.argv];
    const parsed = await super.parse(options, argv);
    this.#words = { args: parsed.args, flags: parsed.flags, argv: all };
    return parsed;
  }

  /** The ports on their real parts. Call once a command; what it opens is closed when the command ends. */
  protected async deps(flags: BaseFlags): Promise<Deps> {
    const { config } = await this.configuration(flags);
    const deps = compose(config, ...this.watch(flags));
    await this.audited(deps);
    this.#all = deps;
    return deps;
  }

  /** Begins the audit log's record of a command that needs one; both are closed when the command ends. */
  protected async audited(deps: LedgerDeps): Promise<void> {
    this.#deps = deps;
    const audited = auditedCommand(this.id ?? "", this.#read());
    if (audited !== undefined) this.#audit = beginAudit({ ...deps, journal: await systemJournal(deps) }, audited);
  }

  /** Says in the audit log what box a command is about that was named otherwise, and that its caller may use. */
  protected about(box: AuditedBox): void {
    this.#audit?.about(box);
  }

  /** Begins to show progress and to listen for Ctrl-C. */
  protected watch(flags: BaseFlags): [ShownProgress, AbortSignal] {
    const interrupt = listenForInterrupt(() => {
      this.#progress.remark("stopping; once more ends it at once");
    });
    this.#dispose = interrupt.dispose;
    this.#progress = flags.quiet === true || this.jsonEnabled() ? silentProgress : showProgress(process.stderr, clock);
    return [this.#progress, interrupt.signal];
  }

  protected configuration(flags: BaseFlags): Promise<ConfigSource> {
    return loadConfig(flags.config);
  }

  /** A result for a person, on standard output; not under `--json`. */
  protected print(text: string): void {
    if (this.jsonEnabled()) return;
    this.#progress.settle();
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /**
   * Asks on a terminal whether something destructive is to be done.
   * @throws {DevboxError} NEEDS_CONFIRMATION where nobody can be asked, or the answer is no
   */
  protected async confirmed(question: string, yes: boolean, expected?: string): Promise<void> {
    if (yes) return;
    if (this.interactive()) {
      this.#progress.stop();
      if (await confirm(question, expected)) return;
      throw new DevboxError("NEEDS_CONFIRMATION", "nothing was done.");
    }
    throw new DevboxError("NEEDS_CONFIRMATION", "this needs a confirmation, and there is no terminal to ask on.", {
      why: question,
      next: ["Say --yes if you mean it"],
    });
  }

  /** Whether a person can be asked something. */
  protected interactive(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY && !this.jsonEnabled();
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  }

  protected override catch(error: Error & { exitCode?: number }): Promise<void> {
    this.#progress.stop();
    const isHelp = (error as { oclif?: { exit?: number } }).oclif?.exit === EXIT.ok;
    if (isHelp) return Promise.resolve();
    const rendered = this.rendered(error);
    if (this.jsonEnabled()) this.logJson(rendered.json);
    else process.stderr.write(`${rendered.text}\n`);
    return Promise.resolve();
  }

  /** What is said of an error; it becomes the exit code, and goes into the audit log. */
  protected rendered(error: unknown): RenderedError {
    const rendered = renderError(error, process.stderr, this.id);
    process.exitCode = rendered.exitCode;
    this.#failure = rendered.json.error.code;
    return rendered;
  }

  protected override async finally(): Promise<void> {
    this.#progress.stop();
    this.#dispose?.();
    try {
      await this.#endAudit();
    } catch (error) {
      // What was done is done; that its end is not written down does not make it a failure.
      process.stderr.write(`  The end of this command is not in the audit log: ${messageOf(error)}\n`);
    } finally {
      const isRead = !this.jsonEnabled() && isForPerson(this.id ?? "", this.#read().flags);
      if (this.#all !== undefined && isRead) await showNotices(this.#all);
      this.#deps?.ledger.close();
    }
  }

  /** What was read of the command line; a command may read its words by itself. */
  #read(): Words {
    return this.#words ?? { args: {}, flags: {}, argv: this.argv };
  }

  /** Closes the audit log's record; of a command that only looks there is one when it was refused. */
  async #endAudit(): Promise<void> {
    const deps = this.#deps;
    if (deps === undefined) return;
    const error = this.#failure;
    if (this.#audit === undefined && isRefusal(error) && deps.caller.via !== "local") {
      const audited = refusedCommand(this.id ?? "", this.#read());
      this.#audit = beginAudit({ ...deps, journal: await systemJournal(deps) }, audited);
    }
    await this.#audit?.end({ exitCode: Number(process.exitCode ?? EXIT.ok), error });
  }
}
