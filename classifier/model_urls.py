from django.urls import path

from classifier import model_views

app_name = "models"
urlpatterns = [path("", model_views.model, name="model")]
