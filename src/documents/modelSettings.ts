import { EventEmitter, type Memento, type Uri } from 'vscode';
import type { ModelSettings } from '../core/analysis';
import { inputPresets } from '../core/signal/inputStatistics';
import { Disposable } from '../disposable';
import type { Intent } from '../protocol/messages';
import { isPythonLiteral, parseSizes } from '../protocol/writtenValues';

type ByModel = Readonly<Record<string, ModelSettings>>;

type SettingIntent = Extract<Intent, { type: 'setArgument' | 'setInputShape' | 'setInputData' }>;

const storageKey = 'gradlens.models';
const maxFiles = 200;
const maxModels = 50;
const maxArguments = 50;
const maxName = 4_000;

/** What the user said of models in the page: arguments, the shape of the input, the data. Kept in the workspace, by file and model. */
export class ModelSettingsStore extends Disposable {
  readonly #changes = this.register(new EventEmitter<Uri>());
  readonly onDidChange = this.#changes.event;

  constructor(private readonly storage: Memento) {
    super();
  }

  of(uri: Uri): ByModel {
    return checked(this.#all()[uri.toString()]);
  }

  /** Replaces what is said of a model; without settings it is forgotten. */
  async set(uri: Uri, model: string, settings: ModelSettings | undefined): Promise<void> {
    const { [model]: _, ...others } = this.of(uri);
    const byModel = settings && !isEmpty(settings) ? { ...others, [model]: settings } : others;
    const { [uri.toString()]: __, ...files } = this.#all();
    const kept = Object.entries(files).slice(-(maxFiles - 1));
    const own = Object.keys(byModel).length > 0 ? [[uri.toString(), byModel] as const] : [];
    await this.storage.update(storageKey, Object.fromEntries([...kept, ...own]));
    this.#changes.fire(uri);
  }

  /** Takes a sample batch for the model's data, named as a directive would name it. */
  async takeSample(uri: Uri, model: string, name: string): Promise<void> {
    await this.set(uri, model, { ...this.of(uri)[model], data: name });
  }

  /** Takes one value over from the page; an empty one is forgotten. */
  async take(uri: Uri, intent: SettingIntent): Promise<void> {
    const known = this.of(uri)[intent.model] ?? {};
    await this.set(uri, intent.model, changed(known, intent));
  }

  #all(): Readonly<Record<string, unknown>> {
    return recordOf(this.storage.get(storageKey));
  }
}

function changed(known: ModelSettings, intent: SettingIntent): ModelSettings {
  switch (intent.type) {
    case 'setArgument': {
      const { [intent.name]: _, ...others } = known.arguments ?? {};
      return { ...known, arguments: intent.text === '' ? others : { ...others, [intent.name]: intent.text } };
    }
    case 'setInputShape':
      return { ...known, inputShape: parseSizes(intent.text) };
    case 'setInputData':
      return { ...known, data: inputPresets.find((preset) => preset === intent.text) };
  }
}

function isEmpty({ arguments: given, inputShape, data }: ModelSettings): boolean {
  return Object.keys(given ?? {}).length === 0 && inputShape === undefined && data === undefined;
}

/** What was stored may be of another version of ours. */
function checked(value: unknown): ByModel {
  return Object.fromEntries(
    Object.entries(recordOf(value))
      .slice(0, maxModels)
      .map(([model, settings]) => [model, settingsOf(recordOf(settings))]),
  );
}

function settingsOf({ arguments: given, inputShape, data }: Readonly<Record<string, unknown>>): ModelSettings {
  const literals = Object.entries(recordOf(given)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && isPythonLiteral(entry[1]),
  );
  const isShape = Array.isArray(inputShape) && inputShape.every((size) => Number.isSafeInteger(size) && size > 0);
  return {
    ...(literals.length > 0 && { arguments: Object.fromEntries(literals.slice(0, maxArguments)) }),
    ...(isShape && { inputShape }),
    ...(isDataName(data) && { data }),
  };
}

function isDataName(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxName) return false;
  return inputPresets.some((preset) => preset === value) || value.endsWith('.npy');
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
