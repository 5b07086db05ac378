/** Every translated text by itself, sorted. */
export function translatedTexts(): Readonly<Record<string, string>>;
