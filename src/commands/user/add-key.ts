import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { addedKeysJson, presentAddedKeys } from "../../cli/present/users.ts";
import { standardInput } from "../../cli/standard-input.ts";
import { UserCommand } from "../../cli/user-command.ts";
import { DevboxError } from "../../core/errors.ts";
import { addKeys } from "../../usecases/users/keys.ts";

/** oclif would read standard input for an argument that is missing; here it is read when --file says so. */
const ignoreStdin = true;

export default class UserAddKey extends UserCommand {
  static override summary = "Let a user come with an SSH key, without an account on this host";
  static override description = [
    "For administrators. From then on `ssh devbox@HOST list` and all other commands work with that key, as that user and nobody else; it gives no shell on the host, and no forwarding.",
    "Keys are lines as in .pub files. Taken are ed25519, ecdsa, RSA of at least 3072 bits, and those of security keys (sk-…). A key is one person's: one that is bound to another user is refused.",
  ].join("\n\n");
  static override examples = [
    "<%= config.bin %> user add-key alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA… alice@laptop",
    "<%= config.bin %> user add-key alice --file - < alice.pub",
    "curl -fsS https://github.com/alice.keys | <%= config.bin %> user add-key alice --file -",
  ];
  static override usage = ["user add-key USER TYPE BASE64 [COMMENT]", "user add-key USER --file -"];
  static override strict = false;
  static override args = {
    user: Args.string({ required: true, ignoreStdin, description: "Whose key it is" }),
    key: Args.string({ ignoreStdin, description: "The key, as it stands in a .pub file" }),
  };
  static override flags = {
    file: Flags.string({ summary: "Read keys from standard input", helpValue: "-", options: ["-"] }),
  };

  async run() {
    const { args, argv, flags } = await this.parse(UserAddKey);
    const words = argv.slice(1).map(String).join(" ");
    if ((words === "") === (flags.file === undefined)) {
      throw new DevboxError("USAGE", "give a key, or --file - and keys on standard input.", {
        next: [`devbox-ctl user add-key ${args.user} --file - < KEY.pub`],
      });
    }
    const deps = await this.userDeps(flags);
    const text = flags.file === undefined ? words : await standardInput();
    const result = addKeys(deps, { user: args.user, text });
    this.print(presentAddedKeys(result));
    return addedKeysJson(result);
  }
}
