import { defineConfig } from "vitest/config";

const MINUTE = 60_000;

/** Podman is shared: one file at a time, and each file cleans up after itself. */
const onRealParts = {
  fileParallelism: false,
  globalSetup: ["test/support/global-setup.ts"],
  testTimeout: 2 * MINUTE,
  // The first to ask for the whole image waits until it is built.
  hookTimeout: 25 * MINUTE,
};

export default defineConfig({
  test: {
    pool: "forks",
    reporters: ["./scripts/lib/line-reporter.ts"],
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/system/**"],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          ...onRealParts,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: ["test/integration/rootless/**"],
        },
      },
      {
        extends: true,
        test: { ...onRealParts, name: "rootless", include: ["test/integration/rootless/**/*.test.ts"] },
      },
      {
        extends: true,
        test: { ...onRealParts, name: "system", include: ["test/system/**/*.test.ts"] },
      },
    ],
  },
});
