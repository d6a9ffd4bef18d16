"""The kinds of jobs there are: a name, what may be asked, and which function of the library does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonoteca.jobs import clips, listen, make, requests
from sonoteca.jobs.kind import JobKind

KINDS: Mapping[str, JobKind[Any]] = {
    "analyze": JobKind(requests.AnalyzeJob, listen.analyze, listen.check_paths),
    "analyze_upload": JobKind(requests.AnalyzeUploadJob, listen.analyze_upload, listen.check_staged),
    "keep_upload": JobKind(requests.KeepUploadJob, listen.keep_upload, listen.check_staged),
    "retry_failed": JobKind(requests.RetryFailedJob, listen.retry_failed),
    "render": JobKind(requests.RenderJob, make.render_arrangement, make.check_arrangement),
    "rebuild_index": JobKind(requests.RebuildIndexJob, make.rebuild),
    "make_clips": JobKind(requests.MakeClipsJob, clips.make_clips, clips.check_filter),
}
