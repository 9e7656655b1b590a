import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { cleanupJson, presentCleanup } from "../../cli/present/tailnet.ts";
import { cleanUp, needDevice, stillPending } from "../../usecases/tailnet/overview.ts";

export default class TailnetCleanup extends BaseCommand {
  static override summary = "Try again to have the devices of destroyed boxes removed";
  static override description =
    "Every command that touches the tailnet does this by itself, less and less often; this one does it now.";
  static override examples = [
    "<%= config.bin %> tailnet cleanup",
    "<%= config.bin %> tailnet cleanup --forget nX8kQ2CNTRL",
  ];
  static override flags = {
    forget: Flags.string({
      summary: "Give up this device: it is no longer tried to remove it",
      helpValue: "DEVICE",
    }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask" }),
  };

  async run() {
    const { flags } = await this.parse(TailnetCleanup);
    const deps = await this.deps(flags);
    const { forget } = flags;
    if (forget !== undefined) {
      const { hostname, control, boxId: id, boxName: name, owner } = needDevice(deps, forget);
      this.about({ name, id, owner });
      const question = `Whether the device ${forget} (${hostname}) is gone from ${control} will not be looked after any more. Go on?`;
      await this.confirmed(question, flags.yes);
    }
    const result = await cleanUp(deps, { forget });
    const failure = stillPending(result);
    if (failure) throw failure;
    this.print(presentCleanup(result, forget));
    return cleanupJson(result);
  }
}
