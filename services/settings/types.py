"""Types of settings that several groups have."""

from typing import Annotated

from pydantic import Field

Port = Annotated[int, Field(ge=0, le=65535)]
Threshold = Annotated[float, Field(gt=0, le=1)]
