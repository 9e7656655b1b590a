import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { presentReaped, reapedJson } from "../cli/present/reap.ts";
import { styleFor } from "../cli/style.ts";
import { hostZone } from "../cli/zone.ts";
import { EXIT } from "../core/exit-codes.ts";
import { momentAhead } from "../core/lifecycle/ahead.ts";
import { reap } from "../usecases/reap/reap.ts";
import { hasFailed } from "../usecases/reap/result.ts";

export default class Reap extends BaseCommand {
  static override summary = "Warn, stop, archive and destroy what nobody uses, and finish what was interrupted";
  static override description =
    "For everybody's boxes; a timer runs it every hour. Owners are told before a box is stopped or destroyed, and nothing is done to it before that reached them. It also follows schedules, takes up interrupted commands, and has devices removed that are left. On a shared host it is for administrators.";
  static override examples = [
    "<%= config.bin %> reap",
    "<%= config.bin %> reap --dry-run",
    "<%= config.bin %> reap --dry-run --at 3d",
  ];
  static override flags = {
    "dry-run": Flags.boolean({ summary: "Only say what would be done, and why; nothing at all is changed" }),
    at: Flags.string({
      summary: "With --dry-run: what a run would do then, if nothing changes and notices are delivered",
      helpValue: "TIME",
      dependsOn: ["dry-run"],
    }),
    only: Flags.option({
      summary: "Only what is due by schedules, and notices that did not arrive yet",
      options: ["schedules"] as const,
    })(),
  };

  async run() {
    const { flags } = await this.parse(Reap);
    const deps = await this.deps(flags);
    const at = flags.at === undefined ? undefined : momentAhead(flags.at, hostZone(), deps.clock.now());
    const result = await reap(deps, { dryRun: flags["dry-run"], at, only: flags.only, zone: hostZone() });
    this.print(presentReaped(styleFor(process.stdout), result, { now: deps.clock.now(), zone: hostZone() }));
    if (hasFailed(result)) process.exitCode = EXIT.partial;
    return reapedJson(result);
  }
}
