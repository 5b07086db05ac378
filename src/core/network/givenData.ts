import type { ModelSettings } from '../analysis';
import type { Project } from '../project';
import { type InputStatistics, inputPresets, type SampleStatistics, statisticsName } from '../signal/inputStatistics';
import { parseNpy, type Refusal } from '../signal/npy';
import { sampleStatistics } from '../signal/sampleStatistics';
import type { Directive } from './directive';
import { folderOf } from './projectModules';

/** What somebody says of a model's data, and what that stands for. */
export interface GivenData {
  /** A preset or a `.npy` file, as it was written. */
  readonly name: string;
  readonly statistics: InputStatistics | Refusal;
  readonly from: 'user' | 'directive';
}

/** By model; what the user says of one goes before what is said of all, and that before a directive. */
export type GivenDataOf = (model: string) => GivenData | undefined;

/** Reads the presets and sample batches that the user and a file's directives name. */
export async function readGivenData(
  project: Project,
  file: string,
  directives: readonly Directive[],
  settings: Readonly<Record<string, ModelSettings>> = {},
  ofAll?: InputStatistics,
): Promise<GivenDataOf> {
  const byModel = new Map<string, GivenData>();
  const read = async (model: string, name: string | undefined, from: GivenData['from']) => {
    if (name === undefined) return;
    const statistics =
      from === 'directive' && !isDirectiveName(name) ? elsewhere : await statisticsNamed(project, file, name);
    byModel.set(model, { name, statistics, from });
  };
  if (ofAll === undefined) for (const { modelName, data } of directives) await read(modelName, data, 'directive');
  for (const [model, { data }] of Object.entries(settings)) await read(model, data, 'user');
  const common: GivenData | undefined = ofAll && { name: statisticsName(ofAll), statistics: ofAll, from: 'user' };
  return (model) => byModel.get(model) ?? common;
}

const elsewhere: Refusal = { kind: 'refused', reason: 'a comment may name files only as seen from its own folder' };

/** False for addresses and absolute paths: a comment may be anybody's, and a name alone can make a system ask another machine. */
export function isDirectiveName(name: string): boolean {
  return !/^(?:[\\/]|[a-z][a-z\d+.-]*:)/i.test(name);
}

async function statisticsNamed(project: Project, file: string, name: string): Promise<GivenData['statistics']> {
  const preset = inputPresets.find((known) => known === name);
  if (preset) return preset;
  if (!name.endsWith('.npy')) {
    return { kind: 'refused', reason: `neither a preset (${inputPresets.join(', ')}) nor a .npy file` };
  }
  const bytes = await project.readBytes?.(project.resolve?.(file, name) ?? `${folderOf(file)}/${name}`);
  return bytes ? sampleOf(bytes) : { kind: 'refused', reason: 'no such file, or it cannot be read' };
}

const measured = new WeakMap<Uint8Array, SampleStatistics | Refusal>();

/** What a `.npy` file's bytes show; the same bytes are measured once. */
export function sampleOf(bytes: Uint8Array): SampleStatistics | Refusal {
  const known = measured.get(bytes);
  if (known) return known;
  const array = parseNpy(bytes);
  const sample = array.kind === 'refused' ? array : sampleStatistics(array);
  measured.set(bytes, sample);
  return sample;
}
