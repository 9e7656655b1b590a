import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { auditJson, presentAudit } from "../cli/present/audit.ts";
import { styleFor } from "../cli/style.ts";
import { audit } from "../usecases/audit/audit.ts";

export default class Audit extends BaseCommand {
  static override summary = "Show who did what to which box, and how it ended";
  static override description =
    "You see what you did, and what was done to boxes that were yours at the time, also by administrators. Administrators see everything. What only looks (list, status, help) is not written down, nor are the arguments of what is run in a box.";
  static override examples = [
    "<%= config.bin %> audit",
    "<%= config.bin %> audit --since 2d --box api",
    "<%= config.bin %> audit --user alice --limit 500 --json",
  ];
  static override flags = {
    since: Flags.string({ summary: "Only from then on: 10m, 3h, 2d, or a time", helpValue: "WHEN" }),
    user: Flags.string({ summary: "Only what this user did", helpValue: "USER" }),
    box: Flags.string({ summary: "Only what was about this box, by its name or id", helpValue: "BOX" }),
    limit: Flags.integer({
      summary: "At most so many, the newest",
      helpValue: "N",
      default: 100,
      min: 1,
      max: 1_000_000,
    }),
  };

  async run() {
    const { flags } = await this.parse(Audit);
    const deps = await this.deps(flags);
    const { since, user, box, limit } = flags;
    const lines = audit(deps, { since, user, box, limit });
    this.print(presentAudit(styleFor(process.stdout), lines));
    return auditJson(lines, deps.caller.admin);
  }
}
