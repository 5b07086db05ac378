/** Made by the bundler: loads every suite that runs in the web extension host. */
declare module 'web-tests' {
  // biome-ignore lint/style/noDefaultExport: the module is one function
  export default function loadTests(): void;
}
