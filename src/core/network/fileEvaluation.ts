import type { AnalyzeOptions } from '../analysis';
import type { FrameworkId, OpenFramework } from '../frameworks/framework';
import { frameworks } from '../frameworks/registry';
import { Interpreter } from '../python/interpreter';
import type { ParsedModule } from '../python/parse';
import type { InstanceValue, Scope, Value } from '../python/values';
import { ReadingSession } from './readingSession';

export interface OpenedFramework {
  readonly id: FrameworkId;
  readonly open: OpenFramework;
}

/** One file, evaluated once: its names, and everything that the frameworks saw on the way. */
export class FileEvaluation {
  readonly session: ReadingSession;
  readonly interpreter: Interpreter;
  readonly scope: Scope;
  readonly frameworks: readonly OpenedFramework[];

  constructor(
    readonly parsed: ParsedModule,
    readonly file: string,
    options: AnalyzeOptions,
    batchSize: number,
  ) {
    this.session = new ReadingSession(batchSize);
    this.frameworks = frameworks.map(({ id, open }) => ({ id, open: open(this.session) }));
    this.interpreter = new Interpreter({
      frameworks: {
        module: (name) => {
          for (const { open } of this.frameworks) {
            const module = open.module(name);
            if (module) return module;
          }
          return undefined;
        },
      },
      clock: options.clock,
      ...(options.budget && { budget: options.budget }),
      ...(options.cancel && { cancel: options.cancel }),
    });
    this.scope = this.interpreter.evaluateModule(parsed, file);
  }

  /** The framework whose model this is. */
  frameworkOf(value: Value): OpenedFramework | undefined {
    return this.frameworks.find(({ open }) => open.isModel(value));
  }

  isModel(value: Value): value is InstanceValue {
    return this.frameworkOf(value) !== undefined;
  }
}
