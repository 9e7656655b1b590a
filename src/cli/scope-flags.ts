import * as Flags from "@oclif/core/flags";

/** Whose things a listing is about; the use case says who may ask for others'. */
export const scopeFlags = {
  all: Flags.boolean({ char: "a", summary: "Everyone's (administrators)", exclusive: ["owner"] }),
  owner: Flags.string({ summary: "Those of this user (administrators)", helpValue: "USER" }),
};

/** Whether what is listed may be others', so that it says whose. */
export function isForOthers({ all, owner }: { readonly all: boolean; readonly owner?: string | undefined }): boolean {
  return all || owner !== undefined;
}
