import * as Flags from "@oclif/core/flags";
import { BaseCommand, type BaseFlags } from "../../cli/base-command.ts";
import { hostDeps } from "../../cli/compose/orchestrator.ts";
import {
  hostSetupJson,
  hostUninstallJson,
  presentPlan,
  presentSetup,
  presentUninstall,
} from "../../cli/present/host.ts";
import { styleFor } from "../../cli/style.ts";
import { applySetup, refuseOther } from "../../usecases/host/setup.ts";
import { planSetup } from "../../usecases/host/plan.ts";
import { applyUninstall, planUninstall, uninstallQuestion } from "../../usecases/host/uninstall.ts";

export default class HostSetup extends BaseCommand {
  static override summary = "Make this host an orchestrator for many people, or take that back";
  static override description =
    "Makes the service account, the sudo rule, sshd's settings, the systemd units and everything else that docs/host-setup.md lists, and looks that each is in force. A second run changes nothing. Needs root. With --config a configuration is checked and put in place; without, /etc/devbox/config.yaml is used, or a first one is written.";
  static override examples = [
    "sudo <%= config.bin %> host setup --dry-run",
    "sudo <%= config.bin %> host setup",
    "sudo <%= config.bin %> host setup --uninstall",
  ];
  static override flags = {
    "dry-run": Flags.boolean({ summary: "Show what would be changed, and change nothing" }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask" }),
    install: Flags.boolean({ summary: "Install missing packages (Debian)" }),
    sshd: Flags.boolean({ summary: "Let sshd take authorised keys alone", default: true, allowNo: true }),
    "keep-root-login": Flags.boolean({ summary: "Let root log in by SSH with a key" }),
    uninstall: Flags.boolean({ summary: "Take back what it made; boxes and their data stay" }),
    purge: Flags.boolean({
      summary: "With --uninstall: the account and its state too, when there are no boxes and no homes",
      dependsOn: ["uninstall"],
    }),
  };

  async run() {
    const { flags } = await this.parse(HostSetup);
    return flags.uninstall ? this.#uninstall(flags) : this.#setUp(flags);
  }

  async #setUp(flags: BaseFlags & SetupFlags) {
    const deps = await hostDeps(this.watch(flags)[0]);
    const dryRun = flags["dry-run"];
    const { install, sshd, config: configFile, "keep-root-login": keepRootLogin } = flags;
    const plan = await planSetup(deps, { configFile, sshd, keepRootLogin, install, dryRun });
    refuseOther(deps.system.readManifest(), plan.account);
    const style = styleFor(process.stdout);
    const changes = plan.found.filter(({ state }) => state !== "ok").length;
    if (dryRun) {
      this.print(presentPlan(style, plan));
      return hostSetupJson(plan, { changed: 0, remarks: plan.remarks });
    }
    if (changes > 0 && this.interactive()) this.print(presentPlan(style, plan));
    if (changes > 0) await this.confirmed(`Make these changes to this host? (${changes})`, flags.yes);
    const result = await applySetup(deps, plan);
    this.print(presentSetup(style, plan, result));
    return hostSetupJson(plan, result);
  }

  async #uninstall(flags: BaseFlags & SetupFlags) {
    const deps = await hostDeps(this.watch(flags)[0]);
    const dryRun = flags["dry-run"];
    const plan = await planUninstall(deps, flags.purge, dryRun);
    const isNothing = plan.manifest === undefined;
    if (!dryRun && !isNothing) await this.confirmed(uninstallQuestion(plan, flags.purge), flags.yes);
    const remarks = dryRun ? [] : await applyUninstall(deps, plan, flags.purge);
    this.print(presentUninstall(styleFor(process.stdout), plan, remarks, { dryRun, purge: flags.purge }));
    return hostUninstallJson(plan, remarks);
  }
}

interface SetupFlags {
  readonly "dry-run": boolean;
  readonly yes: boolean;
  readonly install: boolean;
  readonly sshd: boolean;
  readonly "keep-root-login": boolean;
  readonly purge: boolean;
}
