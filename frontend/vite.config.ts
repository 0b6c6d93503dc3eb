import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const COMPRESSIBLE = /\.(css|html|js|json|svg|webmanifest)$/;
const WORTH_IT_BYTES = 1024;

/** Leaves x.br and x.gz beside every x that they make smaller: the API sends them instead. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    writeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!COMPRESSIBLE.test(name)) continue;
        const content = readFileSync(join(folder, name));
        if (content.length < WORTH_IT_BYTES) continue;
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

// In development, vite serves the page and passes API calls on to a running `make demo` or `make up`.
export default defineConfig({
  plugins: [react(), compressed()],
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  build: {
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // On a slow machine it would warn that plugins take long, which is nothing that its user could change.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
