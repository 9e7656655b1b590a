import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { completionScript, SHELLS } from "../cli/completion/script.ts";

export default class Completion extends BaseCommand {
  static override summary = "Print a script that completes commands, flags and names in your shell";
  static override description =
    "Commands and flags are part of the script, so make it again after an upgrade. Names of boxes, volumes and images are looked up while you type.";
  static override examples = [
    "source <(<%= config.bin %> completion bash)   # in ~/.bashrc",
    "source <(<%= config.bin %> completion zsh)   # in ~/.zshrc, after compinit",
    "<%= config.bin %> completion fish > ~/.config/fish/completions/devbox-ctl.fish",
  ];
  static override args = { shell: Args.string({ required: true, options: [...SHELLS], description: "Your shell" }) };

  async run() {
    const { args } = await this.parse(Completion);
    const script = completionScript(args.shell, this.config);
    this.print(script);
    return { shell: args.shell, script };
  }
}
