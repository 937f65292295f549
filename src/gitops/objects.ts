/**
 * Names the objects of a file that Keelson rendered, without parsing it: its form is known, and a publish of every
 * file would otherwise spend a minute on YAML. Returns `<kind>.<group> <namespace>/<name>`.
 */
export function objectNames(text: string): string[] {
  const names: string[] = [];
  for (const document of text.split(/^---$/m)) {
    const kind = top(document, 'kind');
    if (kind === undefined) continue;
    const group = /^(.+)\//.exec(top(document, 'apiVersion') ?? '')?.[1] ?? '';
    const metadata = /^metadata:\n((?:[ #].*(?:\n|$))*)/m.exec(document)?.[1] ?? '';
    names.push(`${kind}.${group} ${nested(metadata, 'namespace') ?? ''}/${nested(metadata, 'name') ?? ''}`);
  }
  return names;
}

function top(document: string, field: string): string | undefined {
  return unquote(new RegExp(`^${field}: (.+)$`, 'm').exec(document)?.[1]);
}

function nested(block: string, field: string): string | undefined {
  return unquote(new RegExp(`^ {2}${field}: (.+)$`, 'm').exec(block)?.[1]);
}

function unquote(text: string | undefined): string | undefined {
  return text?.replace(/^(['"])(.*)\1$/, '$2');
}
