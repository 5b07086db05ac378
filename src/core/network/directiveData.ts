import type { Unknown } from '../analysis';
import type { Project } from '../project';
import { type InputStatistics, inputPresets } from '../signal/inputStatistics';
import { parseNpy, type Refusal } from '../signal/npy';
import { sampleStatistics } from '../signal/sampleStatistics';
import type { Directive } from './directive';
import { folderOf } from './projectModules';

/** What directives say of the input's distribution, and what of it could not be taken. */
export interface DirectiveData {
  readonly byModel: ReadonlyMap<string, InputStatistics>;
  readonly refused: readonly Unknown[];
}

/** Reads the presets and sample batches that a file's directives name; a sample stands beside the file. */
export async function readDirectiveData(
  project: Project,
  file: string,
  directives: readonly Directive[],
): Promise<DirectiveData> {
  const byModel = new Map<string, InputStatistics>();
  const refused: Unknown[] = [];
  for (const { modelName, data, start, end } of directives) {
    if (data === undefined) continue;
    const statistics = await statisticsNamed(project, file, data);
    if (typeof statistics === 'string' || statistics.kind !== 'refused') byModel.set(modelName, statistics);
    else
      refused.push({
        reason: { text: '{data}: {reason}', values: { data, reason: statistics.reason } },
        span: { file, start, end },
      });
  }
  return { byModel, refused };
}

async function statisticsNamed(project: Project, file: string, data: string): Promise<InputStatistics | Refusal> {
  const preset = inputPresets.find((name) => name === data);
  if (preset) return preset;
  if (!data.endsWith('.npy')) {
    return { kind: 'refused', reason: `neither a preset (${inputPresets.join(', ')}) nor a .npy file` };
  }
  const bytes = await project.readBytes?.(`${folderOf(file)}/${data}`);
  if (!bytes) return { kind: 'refused', reason: 'no such file, or it cannot be read' };
  const array = parseNpy(bytes);
  return array.kind === 'refused' ? array : sampleStatistics(array);
}
