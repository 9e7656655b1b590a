import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { sideOfBoundary } from "../cli/boundary/crossing.ts";
import { presentSshConfig, sshConfigJson } from "../cli/present/ssh-config.ts";
import { hostNotNamed, type SshWay, sshStanza, wayTo } from "../core/ssh-config.ts";

export default class SshConfig extends BaseCommand {
  static override summary = "Print what ~/.ssh/config needs to reach boxes as NAME.devbox";
  static override description = [
    "With it ssh, scp, sftp, rsync, Ansible and the remote modes of editors reach boxes by a ProxyCommand, without a tailnet and without an open port.",
    "Without --host it is for the machine that boxes run on. With it, for any other: a host whose user is the service account is reached by the key that it knows you by, any other by your account there. That machine needs no devbox-ctl.",
  ].join("\n\n");
  static override examples = [
    "<%= config.bin %> ssh-config >> ~/.ssh/config",
    "<%= config.bin %> ssh-config --host devbox@example.com",
    "ssh alice@example.com <%= config.bin %> ssh-config --host alice@example.com >> ~/.ssh/config",
  ];
  static override args = { name: Args.string({ description: "Name of one box, instead of all" }) };
  static override flags = {
    host: Flags.string({ summary: "The host that boxes run on, as ssh is given it", helpValue: "USER@HOST" }),
    local: Flags.boolean({ summary: "For this machine, which is the default", exclusive: ["host"] }),
    account: Flags.string({ summary: "The service account on that host", helpValue: "USER", default: "devbox" }),
  };

  async run() {
    const { args, flags } = await this.parse(SshConfig);
    const side = sideOfBoundary();
    const byKey = side?.side === "account" && side.caller.via === "key";
    if (byKey && flags.host === undefined && !flags.local) throw hostNotNamed();
    const way: SshWay = flags.host === undefined ? { kind: "local" } : wayTo(flags.host, flags.account);
    const stanza = sshStanza(way, args.name);
    this.print(presentSshConfig(way, stanza));
    return sshConfigJson(way, stanza);
  }
}
