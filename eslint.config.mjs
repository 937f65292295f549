import { defineConfig, globalIgnores } from 'eslint/config';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

/**
 * Who may import whom. Each room lists the rooms of ours that it may use; whatever is not listed is refused.
 * docs/decisions/0001-rooms.md says why.
 */
const ROOMS = {
  'src/model': [],
  'src/schemas': ['src/model', 'src/engines'],
  'src/engines': [],
  'src/gitops': ['src/model'],
  charts: ['src/model', 'policies'],
  policies: ['src/model'],
  'src/render': ['src/model', 'src/schemas', 'src/gitops', 'charts', 'policies'],
  'src/verify': ['src/model', 'src/schemas', 'src/gitops', 'policies'],
  'src/live': ['src/model', 'src/verify'],
  'src/upgrade': ['src/model', 'src/gitops'],
  'src/report': ['src/model', 'src/verify'],
  infra: ['src/model', 'src/engines', 'src/schemas', 'src/render/load', 'charts', 'platform'],
  tenants: ['src/model', 'charts', 'platform'],
  addons: ['src/model', 'charts'],
  'platform.ts': ['src/model', 'charts'],
};
const ALL = [
  'src/model',
  'src/schemas',
  'src/engines',
  'src/gitops',
  'src/render',
  'src/verify',
  'src/live',
  'src/upgrade',
  'src/report',
  'src/cli',
  'charts',
  'policies',
  'infra',
  'tenants',
  'platform',
];

/** A pattern of relative imports that reach a room, from whatever depth, but for those by its open doors. */
const reaches = (room, doors) =>
  `^(?:\\.\\./)+(?:.*/)?${room.replace(/^src\//, '(?:src/)?')}${doors.map((door) => `(?!/${door}$)`).join('')}(?:/|$)`;

const walls = Object.entries(ROOMS).map(([room, allowed]) => ({
  files: [room.endsWith('.ts') ? room : `${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: ALL.filter((other) => other !== room && !allowed.includes(other)).map((other) => ({
          regex: reaches(
            other,
            allowed.filter((one) => one.startsWith(`${other}/`)).map((one) => one.slice(other.length + 1)),
          ),
          message: `${room} may import ${allowed.join(', ') || 'nothing of ours'}, not ${other} (docs/decisions/0001-rooms.md).`,
        })),
      },
    ],
  },
}));

export default defineConfig(
  globalIgnores(['node_modules/', '.keelson/', 'src/schemas/data/', 'src/model/*.generated.ts', 'test/fixtures/']),
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Commands load what they need when they run: CommonJS has no other word for it.
      '@typescript-eslint/no-require-imports': 'off',
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: { require: 'readonly', module: 'readonly', process: 'readonly', __dirname: 'readonly' },
    },
  },
  { files: ['test/**'], rules: { 'max-lines': 'off' } },
  ...walls,
  prettier,
);
