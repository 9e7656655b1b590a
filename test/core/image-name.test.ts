import { expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { checkImageName } from "../../src/core/image-name.ts";

const hex = "0123456789abcdef".repeat(4);

it.each([
  "devbox",
  "devbox:latest",
  "localhost/devbox:0c08136971d6",
  "localhost/dbxtest-6z4-broken:1",
  "registry.example.com:5000/team/box_a.b--c:V1.2-rc",
  "Registry.Example/a__b",
  "[::1]:5000/box",
  `localhost/devbox@sha256:${hex}`,
  `localhost/devbox:1@sha256:${hex}`,
  "780a366dad27",
  hex,
  `sha256:${hex}`,
])("takes the name or id of an image: %s", (name) => {
  expect(checkImageName(name)).toBe(name);
});

const why = (name: string): string | undefined => {
  try {
    checkImageName(name);
  } catch (error) {
    if (error instanceof DevboxError && error.code === "INVALID_SPEC") return error.why;
    throw error;
  }
  return undefined;
};

it.each([
  "dir:/x",
  "dir:x",
  "oci:x",
  "oci-archive:/x",
  "docker-archive:x.tar",
  "docker://alpine",
  "docker-daemon:a:b",
  "containers-storage:devbox",
  "https://example.com/x.tar",
  "/x.tar",
  "./x",
])("refuses what says where an image is to be had: %s", (name) => {
  expect(why(name)).toContain("where an image is to be had");
});

it.each([
  "",
  " ",
  "-x",
  "--privileged",
  "Devbox",
  "a b",
  "a\nb",
  "devbox\n",
  "devbox:",
  "devbox:-x",
  "devbox@sha256:12",
  "localhost//devbox",
  "localhost/-x",
  "devbox/",
  "dévbox",
  "a".repeat(600),
])("refuses what is neither a name nor an id: %j", (name) => {
  expect(why(name)).toContain("neither a name");
});

it("takes no time over names that are made to take long", () => {
  const since = performance.now();
  for (const part of ["a-", "a__", "a.", "A-", "a/"]) why(`${part.repeat(250)}!`);
  expect(performance.now() - since).toBeLessThan(500);
});
