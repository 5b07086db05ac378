import { flax } from './flax/flax';
import type { Framework } from './framework';
import { keras } from './keras/keras';
import { numpy } from './numpy/numpy';
import { torch } from './torch/torch';

/** Every framework that is read, in the order in which they are asked for a module. */
export const frameworks: readonly Framework[] = [torch, keras, flax, numpy];
