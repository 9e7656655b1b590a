import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { splitCommand, terminalEnvironment } from "../cli/command-line.ts";
import { clock } from "../cli/compose.ts";
import { heldJson, presentHold } from "../cli/present/hold.ts";
import { hostZone } from "../cli/zone.ts";
import { DevboxError } from "../core/errors.ts";
import { hold, holdWhile } from "../usecases/lifecycle/hold.ts";

export default class Hold extends BaseCommand {
  static override summary = "Keep a box from being stopped or destroyed by itself";
  static override description =
    "For a span, until a time, or while a command runs in it; never longer than lifecycle.maxHold of this host's configuration. A longer hold takes the place of a shorter one. With --while, the command runs as with `exec`, and the hold is over when it ends, however it does.";
  static override examples = [
    "<%= config.bin %> hold api --for 3d",
    '<%= config.bin %> hold api --until "2026-12-01 18:00" --reason "night run"',
    "<%= config.bin %> hold train --while -- make train",
  ];
  static override usage = "hold NAME (--for SPAN | --until TIME | --while [--tty] -- COMMAND…) [--reason TEXT]";
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    for: Flags.string({ summary: "From now on so long, such as 3d or 12h", helpValue: "SPAN", exclusive: ["until"] }),
    until: Flags.string({
      summary: "Until a day, a day and a time of this host's zone, or an RFC 3339 time",
      helpValue: "TIME",
    }),
    while: Flags.boolean({
      summary: "As long as the command after -- runs in the box, and no longer than the rest says",
    }),
    tty: Flags.boolean({ char: "t", summary: "With --while, give the command a terminal" }),
    reason: Flags.string({ summary: "For whoever sees the hold", helpValue: "TEXT", default: "" }),
  };

  async run() {
    const { own, command } = splitCommand(this.argv);
    const { args, flags } = await this.parse(Hold, own);
    const { name } = args;
    checkWords({ ...flags, json: this.jsonEnabled() }, command);
    const deps = await this.deps({ ...flags, quiet: flags.while || flags.quiet });
    const asked = { name, for: flags.for, until: flags.until, reason: flags.reason, zone: hostZone() };
    if (flags.while) {
      const env = terminalEnvironment(flags.tty);
      process.exitCode = await holdWhile(deps, { ...asked, command, tty: flags.tty, env });
      return undefined;
    }
    const result = hold(deps, asked);
    this.print(presentHold(result, { now: clock.now(), zone: asked.zone }));
    return heldJson(result);
  }
}

interface HoldFlags {
  readonly for: string | undefined;
  readonly until: string | undefined;
  readonly while: boolean;
  readonly tty: boolean;
  readonly json: boolean;
}

/** @throws {DevboxError} USAGE for flags that make no sense together */
function checkWords(flags: HoldFlags, command: readonly string[] | undefined): void {
  const asCommand = "While a command runs: devbox-ctl hold NAME --while -- COMMAND";
  const problem = wrongWords(flags, command);
  if (problem === undefined) return;
  const [what, why] = problem;
  throw new DevboxError("USAGE", what, { why, next: ["For a span: devbox-ctl hold NAME --for 3d", asCommand] });
}

function wrongWords(flags: HoldFlags, command: readonly string[] | undefined): readonly [string, string] | undefined {
  if (flags.while) {
    if (command === undefined || command.length === 0)
      return ["hold --while needs a command.", "It follows after --, and runs in the box."];
    if (flags.json) return ["hold --while has no --json.", "Standard output is the command's own."];
    return undefined;
  }
  if (command !== undefined) return ["a command is run only with --while.", "What follows after -- would be left out."];
  if (flags.tty) return ["--tty makes sense only with --while.", "Nothing is run in the box otherwise."];
  if (flags.for === undefined && flags.until === undefined)
    return ["hold needs an end.", "None of --for, --until and --while was given."];
  return undefined;
}
