/** What the first configuration of a host is made from. */
export interface FirstConfig {
  readonly account: string;
  /** The group whose members administrate this host; undefined where there is none. */
  readonly adminGroup: string | undefined;
  /** Its members. */
  readonly users: readonly string[];
}

/** The configuration of a new orchestrator, for its administrator to go on from. */
export function firstConfig({ account, adminGroup, users }: FirstConfig): string {
  return `# The configuration of this orchestrator. Check a change: devbox-ctl config check /etc/devbox/config.yaml
# Then put it in force: devbox-ctl host setup. All keys: docs/configuration.md, devbox-ctl config schema
host:
  # The account that runs everyone's boxes.
  serviceUser: ${account}
  # Members may act on everyone's boxes.
  adminGroups: [${adminGroup ?? ""}]

# Where that account keeps everything; its home too.
state:
  dir: /var/lib/${account}

# Who may have boxes. One without a shell account here comes with an SSH key: devbox-ctl user add-key NAME
users:${users.length === 0 ? " {}" : ""}
${users.map((user) => `  ${user}: {}\n`).join("")}
# limits: { perUser: 5, global: 7 }
# secrets: { provider: onepassword, vault: DevBox, tokenFile: /etc/devbox/op-token }
# tailnet: { provider: tailscale }
`;
}
