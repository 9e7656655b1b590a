import { KNOWN_HOSTS, type SshStanza, type SshWay } from "../../core/ssh-config.ts";

/** Whose private key the box asks for. */
const KEYS: Readonly<Record<SshWay["kind"], string>> = {
  local: "A box takes the keys in ~/.ssh/*.pub.",
  key: "A box takes the keys that are yours on that host. One that ssh does not find by itself: add IdentityFile.",
  account:
    "A box takes the keys that your account there takes. One that ssh does not find by itself: add IdentityFile.",
};

/** `ssh-config` for ~/.ssh/config. */
export function presentSshConfig(way: SshWay, { host, options }: SshStanza): string {
  const example = host.replace("*", "NAME");
  return [
    `# Boxes of devbox-ctl for OpenSSH and all that works by it: ssh ${example}`,
    `# ${KEYS[way.kind]}`,
    "# The way there is safe by itself; the key that is remembered is the box's own. When a box was made anew under an",
    `# old name, ssh refuses it until that is forgotten: ssh-keygen -f ${KNOWN_HOSTS} -R ${example}`,
    `Host ${host}`,
    ...Object.entries(options).map(([name, value]) => `  ${name} ${value}`),
  ].join("\n");
}

/** `ssh-config --json`; the schema is docs/json/ssh-config.schema.json. */
export function sshConfigJson(way: SshWay, { host, options }: SshStanza) {
  return {
    way: way.kind,
    host,
    options: Object.entries(options).map(([name, value]) => ({ name, value })),
    text: presentSshConfig(way, { host, options }),
  };
}
