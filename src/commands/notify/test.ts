import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { notifyTestJson, presentNotifyTest } from "../../cli/present/notify.ts";
import { styleFor } from "../../cli/style.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { notifyTest } from "../../usecases/notices/try-out.ts";

export default class NotifyTest extends BaseCommand {
  static override summary = "Send a test message by every way that people are told by (administrators)";
  static override description =
    "By each channel of notify in the configuration, all at once; it says of each what came of it. Exit code 11 when one failed.";
  static override examples = ["<%= config.bin %> notify test", "<%= config.bin %> notify test --user alice --json"];
  static override flags = {
    user: Flags.string({ summary: "For whom; you yourself when left out", helpValue: "USER" }),
  };

  async run() {
    const { flags } = await this.parse(NotifyTest);
    const result = await notifyTest(await this.deps(flags), { user: flags.user });
    this.print(presentNotifyTest(styleFor(process.stdout), result));
    if (result.channels.some(({ outcome }) => outcome === "failed")) process.exitCode = EXIT.partial;
    return notifyTestJson(result);
  }
}
