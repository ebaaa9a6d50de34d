// The page's invariants, read off its own sources.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type AST } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => join('src', name))
  .filter((name) => /\.(ts|svelte|css)$/.test(name) && !name.endsWith('.test.ts'));

const source = (file: string) => readFileSync(file, 'utf8');
const components = files.filter((file) => file.endsWith('.svelte'));
const holding = (pattern: RegExp) => files.filter((file) => pattern.test(source(file)));

describe('one place for each thing', () => {
  it('Tauri is known to one file', () => {
    expect(holding(/@tauri-apps\//)).toEqual(['src/host/tauri.ts']);
  });

  it('the clock is read by one file', () => {
    expect(holding(/Date\.now|new Date|performance\.now/)).toEqual(['src/clock.svelte.ts']);
  });

  it('colours live in the token file', () => {
    expect(holding(/#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch|color-mix)a?\(/i)).toEqual(['src/styles/tokens.css']);
  });

  it('the clipboard, storage and the network are touched by none', () => {
    expect(holding(/\bnavigator\.(?!userAgent\b)|clipboardData|localStorage|sessionStorage|indexedDB|\bfetch\(|XMLHttp/)).toEqual([]);
  });

  it('HTML is never made from text', () => {
    expect(holding(/\{@html|innerHTML|insertAdjacentHTML/)).toEqual([]);
  });

  it.each(components)('the words of %s are in the words table', (file) => {
    const spoken = ['aria-label', 'title', 'placeholder', 'alt'];
    const texts: string[] = [];
    visit(parse(source(file), { modern: true }).fragment, (node) => {
      if (node.type === 'Text') {
        texts.push((node as AST.Text).data);
      }
      return node.type !== 'Attribute' || spoken.includes((node as AST.Attribute).name);
    });
    expect(texts.filter((text) => /\p{L}/u.test(text))).toEqual([]);
  });

  it.each(components)('%s has no style in its markup, which the window refuses', (file) => {
    visit(parse(source(file), { modern: true }).fragment, (node) => {
      expect(node.type === 'Attribute' && (node as AST.Attribute).name === 'style').toBe(false);
      expect(node.type).not.toBe('StyleDirective');
      return true;
    });
  });
});

describe('nothing points up', () => {
  const imports = (file: string) => [...source(file).matchAll(/from '(\.[^']*)'/g)].map((match) => match[1] ?? '');

  it.each([
    ['src/parts/', /views\/|session|App|gallery/],
    ['src/views/', /session|App|gallery|host\/(tauri|memory)/],
    ['src/host/', /^\.\.\//],
    ['src/time.ts', /^(?!\.\/words$)/],
  ])('from %s', (folder, above) => {
    const below = files.filter((file) => file.startsWith(folder));
    expect(below).not.toEqual([]);
    expect(below.flatMap(imports).filter((path) => above.test(path))).toEqual([]);
  });
});

describe('contrast', () => {
  const tokens = source('src/styles/tokens.css');
  const declared = (css: string) =>
    new Map([...css.matchAll(/--([\w-]+): ([^;]+);/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const under = (condition: string) => {
    const at = tokens.indexOf(`@media ${condition} {`);
    expect(at, condition).not.toBe(-1);
    return declared(tokens.slice(at, tokens.indexOf('\n}', at)));
  };
  const light = declared(tokens.slice(0, tokens.indexOf('@media')));
  const dark = new Map([...light, ...under('(prefers-color-scheme: dark)')]);
  const more = under('(prefers-contrast: more)');
  const moreInLight = under('(prefers-contrast: more) and (prefers-color-scheme: light)');
  // WCAG 2.2, 1.4.3 and 1.4.6.
  const themes: [string, number, Map<string, string>][] = [
    ['light', 4.5, light],
    ['dark', 4.5, dark],
    ['high contrast', 7, new Map([...light, ...more, ...moreInLight])],
    ['dark high contrast', 7, new Map([...dark, ...more])],
  ];

  const readable: [string, string[]][] = [
    ['text', ['ground', 'surface', 'surface-hover', 'track', 'accent-soft', 'warning-soft', 'danger-soft']],
    ['text-quiet', ['ground', 'surface', 'surface-hover', 'track', 'accent-soft']],
    ['on-segment', ['segment']],
    ['on-accent', ['accent', 'accent-hover', 'accent-pressed']],
    ['accent', ['surface', 'accent-soft']],
    ['danger', ['ground', 'surface', 'danger-soft']],
    ['warning', ['ground', 'warning-soft']],
  ];
  // What is drawn and not read needs less: WCAG 2.2, 1.4.11.
  const visible: [string, string[]][] = [
    ['focus', ['ground', 'surface']],
    // Which segment is chosen is told by its edge: its own ground is hardly another than that of the bar.
    ['control-border', ['ground', 'surface', 'track', 'segment']],
    ['thumb', ['track']],
    ['on-accent', ['accent']],
    ['accent', ['ground', 'surface', 'accent-soft']],
    ['drawing', ['ground', 'track']],
    ['warning-mark', ['track']],
  ];

  describe.each(themes)('in %s', (_, enough, theme) => {
    const cases = (pairs: [string, string[]][]) =>
      pairs.flatMap(([front, backs]) => backs.map((back): [string, string] => [front, back]));

    it.each(cases(readable))('%s reads on %s', (front, back) => {
      expect(contrast(theme, front, back)).toBeGreaterThanOrEqual(enough);
    });

    it.each(cases(visible))('%s is seen on %s', (front, back) => {
      expect(contrast(theme, front, back)).toBeGreaterThanOrEqual(3);
    });
  });

  it.each(themes.slice(2))('in %s every edge is seen', (_, __, theme) => {
    for (const back of ['ground', 'surface']) {
      expect(contrast(theme, 'hairline', back)).toBeGreaterThanOrEqual(3);
    }
  });
});

/** Walks a tree, and into a node only when `look` says so. */
function visit(node: object, look: (node: { type: string }) => boolean): void {
  if ('type' in node && typeof node.type === 'string' && !look(node as { type: string })) {
    return;
  }
  for (const child of Object.values(node)) {
    if (typeof child === 'object' && child !== null) {
      visit(child, look);
    }
  }
}

/** The contrast ratio of two roles (WCAG 2.2, "relative luminance"). */
function contrast(theme: Map<string, string>, front: string, back: string): number {
  const [high = 0, low = 0] = [luminance(theme, front), luminance(theme, back)].sort((one, other) => other - one);
  return (high + 0.05) / (low + 0.05);
}

function luminance(theme: Map<string, string>, role: string): number {
  const value = theme.get(role) ?? '';
  const primitive = /^var\(--([\w-]+)\)$/.exec(value)?.[1];
  if (primitive) {
    return luminance(theme, primitive);
  }
  const [red = NaN, green = NaN, blue = NaN] = [1, 3, 5].map((at) => {
    const channel = parseInt(value.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
