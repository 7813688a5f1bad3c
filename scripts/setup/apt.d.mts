export interface AptSource {
  uri: string;
  suites: string[];
  components: string[];
  signedBy: string | undefined;
}
export class SetupError extends Error {}
export function readAptSources(etc?: string): AptSource[];
export function parseOneLine(text: string): AptSource[];
export function parseDeb822(text: string): AptSource[];
export function debianArchive(sources: AptSource[], osRelease?: Record<string, string>): AptSource;
