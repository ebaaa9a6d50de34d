// @vitest-environment node
// What is shipped, held against the window's content security policy.
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

import { stateNames } from './gallery/states';

async function built(mode: string): Promise<Map<string, string>> {
  const result = (await build({ mode, logLevel: 'silent', build: { write: false } })) as Rolldown.RolldownOutput;
  return new Map(
    result.output.map((file) => [file.fileName, String(file.type === 'chunk' ? file.code : file.source)]),
  );
}

describe('the page that is shipped', () => {
  let files: Map<string, string>;
  beforeAll(async () => {
    files = await built('production');
  });
  const html = () => files.get('index.html') ?? '';

  it('has no script and no style inside its document', () => {
    expect(html()).toContain('<script type="module"');
    expect(html()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  });

  it('has every asset as a file beside it', () => {
    const addresses = [...html().matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(addresses.length).toBeGreaterThan(1);
    expect(addresses.filter((address) => !files.has(address.replace('./', '')))).toEqual([]);
  });

  it('has no address of data or of another host in its styles', () => {
    const styles = [...files].filter(([name]) => name.endsWith('.css')).map(([, css]) => css);
    expect(styles).not.toEqual([]);
    expect(styles.join()).not.toMatch(/url\(|@import/);
  });

  it('brings nothing of the gallery', () => {
    const all = [...files.values()].join();
    expect(all).not.toContain('countess-of-lovelace');
    expect([...files.keys()].filter((name) => /gallery|states/.test(name))).toEqual([]);
  });
});

describe('the gallery', () => {
  it('lists its states in a file beside it', async () => {
    const files = await built('gallery');
    expect(JSON.parse(files.get('states.json') ?? '')).toEqual(stateNames);
    expect(files.has('gallery.html')).toBe(true);
  });
});
