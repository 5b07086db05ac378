import assert from 'node:assert/strict';
import { compareWithMeasured } from '../../../bench/accuracyRows';
import { familyCases, sourceOf } from '../../../bench/familyCases';
import { analyzeText } from '../analyzeText';

const residual = '        x = x + y\n';
const flattened = '        x = (x.flatten(1, 2) + y.flatten(1, 2)).view(x.shape)\n';

suite('signal: axes that divide otherwise', () => {
  test('places of a picture and of its windows, flattened, add up as they do unflattened: measured by PyTorch', async () => {
    const windowed = familyCases().find(({ file, constants }) => file === 'swin.py' && !('COSINE' in constants));
    assert.ok(windowed);
    const source = sourceOf(windowed);
    assert.ok(source.includes(residual));
    const [model] = (await analyzeText(source.replace(residual, flattened), {}, windowed.file)).models;
    assert.ok(model);
    const { errors, missing } = compareWithMeasured(windowed, model.network, model.signal);
    assert.equal(missing, 0);
    assert.ok(Math.max(...errors.activation) < 0.035, `activation ${Math.max(...errors.activation)}`);
    assert.ok(Math.max(...errors.gradient) < 0.03, `gradient ${Math.max(...errors.gradient)}`);
    assert.ok(Math.max(...errors.weightGradient) < 0.08, `weight gradient ${Math.max(...errors.weightGradient)}`);
  });
});
