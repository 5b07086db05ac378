import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from './runCli';

suite('gradlens check', () => {
  test('exits 1 on a finding and names file, line and rule', () => {
    const { code, stdout } = runCli('check', 'examples/deep_sigmoid.py');
    assert.equal(code, 1);
    assert.match(stdout, /^examples\/deep_sigmoid\.py:\d+:\d+ (warning|error) .*\[vanishing-gradient\]$/m);
  });

  test('exits 0 and prints nothing on a healthy network', () => {
    assert.deepEqual(runCli('check', 'examples/residual_cnn.py'), { code: 0, stdout: '', stderr: '' });
  });

  test('exits 2 with one line where a file does not exist', () => {
    const { code, stderr } = runCli('check', 'examples/nowhere.py');
    assert.equal(code, 2);
    assert.equal(stderr, 'gradlens: examples/nowhere.py: no such file or folder\n');
  });

  test('exits 2 on an unknown option', () => {
    assert.equal(runCli('check', '--nonsense', 'examples').code, 2);
  });

  test('lints folders in order and keeps to the severity asked for', () => {
    const all = runCli('check', 'examples', '--severity', 'hint', '--format', 'json');
    const warnings = runCli('check', 'examples', '--format', 'json');
    const files = (run: { stdout: string }) =>
      (JSON.parse(run.stdout).files as readonly { readonly file: string }[]).map(({ file }) => file);
    assert.deepEqual(files(warnings), [...files(warnings)].sort());
    assert.ok(files(warnings).includes('examples/dead_relu.py'));
    assert.ok(!files(warnings).includes('examples/residual_cnn.py'));
    assert.ok(files(all).length >= files(warnings).length);
  });

  test('speaks SARIF 2.1.0', () => {
    const { code, stdout } = runCli('check', 'examples/hidden_softmax.py', '--format', 'sarif');
    assert.equal(code, 1);
    const report = JSON.parse(stdout);
    assert.equal(report.version, '2.1.0');
    const [run] = report.runs;
    assert.equal(run.tool.driver.name, 'Gradlens');
    const [result] = run.results;
    assert.equal(result.ruleId, 'hidden-softmax');
    assert.equal(result.locations[0].physicalLocation.artifactLocation.uri, 'examples/hidden_softmax.py');
    assert.ok(result.locations[0].physicalLocation.region.startLine > 1);
  });

  test('escapes what GitHub would read as a property or a new command', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-cli-'));
    try {
      const file = path.join(folder, 'a,b.py');
      writeFileSync(file, exploding);
      const { stdout } = runCli('check', file, '--format', 'github');
      assert.match(
        stdout,
        /^::error file=[^,]*a%2Cb\.py,line=\d+,col=\d+,endLine=\d+,endColumn=\d+,title=Gradlens%3A /m,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const exploding = `import torch
from torch import nn

net = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(),
                    nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
for module in net.modules():
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight)
net(torch.randn(8, 256)).sum().backward()
`;
