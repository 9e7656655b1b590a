import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { presentCreate } from "../cli/present/create.ts";
import { presentRestored, restoreJson } from "../cli/present/restore.ts";
import { hostZone } from "../cli/zone.ts";
import { styleFor } from "../cli/style.ts";
import { policyFor } from "../core/lifecycle/policy.ts";
import { restore } from "../usecases/archives/restore.ts";

export default class Restore extends BaseCommand {
  static override summary = "Make a box again with the home that was archived";
  static override description =
    "The newest archive of that name is taken. The new box has the size and the image of the old one; it counts like any other. The archive stays until its time is over or it is removed.";
  static override examples = [
    "<%= config.bin %> restore web",
    "<%= config.bin %> restore web --from k3f9x2ab --as web-before",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box that was archived" }) };
  static override flags = {
    from: Flags.string({ summary: "This archive instead of the newest", helpValue: "ARCHIVE" }),
    as: Flags.string({ summary: "Another name for the new box", helpValue: "NEWNAME" }),
    cpus: Flags.string({ summary: "CPU cores, instead of what it had", helpValue: "N" }),
    memory: Flags.string({ summary: "Memory with a unit, instead of what it had", helpValue: "SIZE" }),
    image: Flags.string({ summary: "Image instead of the one that it had; never pulled", helpValue: "IMAGE" }),
    start: Flags.boolean({ summary: "Start it (--no-start: only create it)", allowNo: true, default: true }),
  };

  async run() {
    const { args, flags } = await this.parse(Restore);
    const deps = await this.deps(flags);
    const since = clock.monotonic();
    const { from, as, cpus, memory, image, start } = flags;
    const result = await restore(deps, { name: args.name, from, as, cpus, memory, image, start });
    const style = styleFor(process.stdout);
    const shown = { now: clock.now(), zone: hostZone() };
    const policy = policyFor(deps.config, result.box.owner, undefined);
    this.print(
      `${presentCreate(style, result, { span: clock.monotonic() - since, policy })}\n${presentRestored(result, shown)}`,
    );
    return restoreJson(result);
  }
}
