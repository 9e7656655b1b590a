import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { parseSince } from "../core/time.ts";
import { logs } from "../usecases/logs.ts";
import { serviceLog } from "../usecases/services.ts";

export default class Logs extends BaseCommand {
  static override summary = "Show what a box's services said";
  static override examples = [
    "<%= config.bin %> logs api --tail 50",
    "<%= config.bin %> logs api -f --since 10m",
    "<%= config.bin %> logs api --service code-server",
  ];
  static override enableJsonFlag = false;
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    follow: Flags.boolean({ char: "f", summary: "Go on until Ctrl-C" }),
    tail: Flags.integer({ summary: "Only the last lines", helpValue: "N", min: 0 }),
    service: Flags.string({
      summary: "Only what this service said last",
      helpValue: "SERVICE",
      exclusive: ["follow", "since"],
    }),
    since: Flags.string({ summary: "Only what is newer: 10m, 3h, 2d, or a time", helpValue: "TIME" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs);
    const since = flags.since === undefined ? undefined : parseSince(flags.since, clock.now());
    const deps = await this.deps({ ...flags, quiet: true });
    if (flags.service !== undefined) {
      this.print(await serviceLog(deps, { name: args.name, service: flags.service, tail: flags.tail }));
      return;
    }
    process.exitCode = await logs(deps, { name: args.name, follow: flags.follow, tail: flags.tail, since });
  }
}
