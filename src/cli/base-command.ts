import { Command } from "@oclif/core/command";
import * as Flags from "@oclif/core/flags";
import type { ConfigSource } from "../core/config/config.ts";
import { DevboxError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Deps } from "../usecases/deps.ts";
import { clock, compose, loadConfig } from "./compose.ts";
import { confirm } from "./confirm.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { type ShownProgress, showProgress, silentProgress } from "./progress.ts";
import { renderError } from "./render-error.ts";

export interface BaseFlags {
  readonly config?: string | undefined;
  readonly quiet?: boolean;
}

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
  #deps: Deps | undefined;
  #dispose: (() => void) | undefined;

  /** The ports on their real parts. Call once a command; what it opens is closed when the command ends. */
  protected async deps(flags: BaseFlags): Promise<Deps> {
    const { config } = await this.configuration(flags);
    this.#deps = compose(config, ...this.watch(flags));
    return this.#deps;
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
    if (!this.jsonEnabled()) process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
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
    const rendered = renderError(error, process.stderr, this.id);
    process.exitCode = rendered.exitCode;
    if (this.jsonEnabled()) this.logJson(rendered.json);
    else process.stderr.write(`${rendered.text}\n`);
    return Promise.resolve();
  }

  protected override finally(): Promise<void> {
    this.#progress.stop();
    this.#dispose?.();
    this.#deps?.ledger.close();
    return Promise.resolve();
  }
}
