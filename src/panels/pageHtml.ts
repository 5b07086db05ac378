import type { PagePlace } from '../protocol/viewState';

export interface PageHtmlParts {
  /** Addresses that the page can load. */
  readonly script: string;
  readonly style: string;
  /** Where styles may come from, as a content security policy names it. */
  readonly styleSource: string;
  readonly nonce: string;
  readonly place: PagePlace;
  readonly language: string;
  readonly title: string;
}

/** The document of side view and panel. Nothing may load but one script, by nonce, and our own style; nothing may connect. */
export function pageHtml({ script, style, styleSource, nonce, place, language, title }: PageHtmlParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${styleSource}`;
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>${escapeAttribute(title)}</title>
<link rel="stylesheet" href="${escapeAttribute(style)}">
</head>
<body data-place="${place}">
<div id="page"></div>
<script nonce="${nonce}" src="${escapeAttribute(script)}"></script>
</body>
</html>
`;
}

/** 128 random bits for one document, from a cryptographic source. */
export function createNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
