import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { type CommandFacts, type CompletionModel, completionModel } from "./model.ts";
import { zshCompletion } from "./zsh.ts";

const GENERATORS: Readonly<Record<string, (model: CompletionModel) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The shells that a script can be made for. */
export const SHELLS: readonly string[] = Object.keys(GENERATORS);

/** The completion script for one of {@link SHELLS}. */
export function completionScript(
  shell: string,
  known: {
    readonly commands: readonly CommandFacts[];
    readonly topics: readonly { readonly name: string; readonly description?: string | undefined }[];
  },
): string {
  return GENERATORS[shell]?.(completionModel(known.commands, known.topics)) ?? "";
}
