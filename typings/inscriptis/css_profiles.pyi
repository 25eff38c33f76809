from collections.abc import Mapping

CSS_PROFILES: Mapping[str, Mapping[str, object]]
