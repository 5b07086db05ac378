/** Compiled by `scripts/buildKernels.mjs`; the bundler embeds the bytes. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  // biome-ignore lint/style/noDefaultExport: the bundler's binary loader has no other
  export default bytes;
}
