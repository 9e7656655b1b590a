import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { presentResumed, resumedJson } from "../cli/present/resume.ts";
import { styleFor } from "../cli/style.ts";
import { EXIT } from "../core/exit-codes.ts";
import { isBack, resume } from "../usecases/resume.ts";

export default class Resume extends BaseCommand {
  static override summary = "Start the boxes that are meant to run and do not, as after a boot";
  static override description =
    "What was stopped stays stopped, and nothing of it counts as use. On a shared host it is for administrators, and its unit runs it at every boot.";
  static override examples = ["<%= config.bin %> resume", "<%= config.bin %> resume --dry-run"];
  static override flags = { "dry-run": Flags.boolean({ summary: "Only say what would be started" }) };

  async run() {
    const { flags } = await this.parse(Resume);
    const results = await resume(await this.deps(flags), { dryRun: flags["dry-run"] });
    this.print(presentResumed(styleFor(process.stdout), results));
    if (!results.every((each) => isBack(each))) process.exitCode = EXIT.partial;
    return resumedJson(results);
  }
}
